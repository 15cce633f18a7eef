/** Carries a request by XMLHttpRequest, which unlike `fetch` tells how much of the body has left. */

import { fetchCarrier, type Carrier, type Outbound } from '../http';

/** The best carrier of large bodies that there is here. */
export function bodyCarrier(given?: typeof fetch): Carrier {
  return typeof XMLHttpRequest === 'undefined' || given !== undefined ? fetchCarrier(given) : xhrCarrier;
}

export const xhrCarrier: Carrier = (request) =>
  new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    const abort = () => {
      xhr.abort();
    };
    const settle = (done: () => void) => () => {
      request.signal.removeEventListener('abort', abort);
      done();
    };
    xhr.onload = settle(() => {
      resolve({ status: xhr.status, text: xhr.responseText, retryAfter: xhr.getResponseHeader('Retry-After') });
    });
    xhr.onerror = settle(() => {
      reject(new TypeError('the request did not reach its end'));
    });
    xhr.onabort = settle(() => {
      reject(new DOMException('the request was aborted', 'AbortError'));
    });
    xhr.upload.onprogress = ({ loaded }) => {
      request.onSent(loaded);
    };
    xhr.upload.onload = () => {
      if (request.body instanceof Blob) request.onSent(request.body.size);
    };
    request.signal.addEventListener('abort', abort);
    if (request.signal.aborted) settle(() => { reject(new DOMException('the request was aborted', 'AbortError')); })();
    else send(xhr, request);
  });

function send(xhr: XMLHttpRequest, { method, url, headers, body }: Outbound): void {
  xhr.open(method, url);
  xhr.withCredentials = true;
  for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
  xhr.send(body);
}
