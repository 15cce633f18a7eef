// Who speaks: a JWT signed with the shared secret, checked on each HTTP request and on each Socket.IO connect.
import jwt from "jsonwebtoken";

const secret = process.env.JWT_SECRET;

/** The speaker `{id, name}`; throws when the token is missing, forged or expired. */
export function speaker(token) {
  const claims = jwt.verify(token, secret, { algorithms: ["HS256"] });
  return { id: claims.sub, name: claims.name ?? claims.sub };
}

/** Express middleware: sets `request.user`, or answers 401. */
export function authenticate(request, response, next) {
  const [scheme, token] = (request.headers.authorization ?? "").split(" ");
  try {
    if (scheme !== "Bearer") throw new Error("no bearer token");
    request.user = speaker(token);
  } catch {
    response.status(401).json({ code: "auth_invalid", detail: "expected a valid bearer token" });
    return;
  }
  next();
}

/** Socket.IO middleware: sets `socket.data.user`, or refuses the connection. */
export function authenticateSocket(socket, next) {
  try {
    socket.data.user = speaker(socket.handshake.auth.token);
  } catch {
    next(Object.assign(new Error("expected a valid token"), { data: { code: "auth_invalid" } }));
    return;
  }
  next();
}
