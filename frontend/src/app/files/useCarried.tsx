/** What goes with the next message of a conversation, as the thread's pane and its composer need it. */

import { useEffect, useMemo, useState, type ReactNode } from 'react';

import { leftOutText, uploadsFor, type Upload } from '../../client';
import { useSocket } from '../../react';
import { Confirm } from '../parts/Dialog';
import { notice } from '../parts/toasts';
import { FileButton } from '../uploads/FileButton';
import { UploadTray } from '../uploads/UploadTray';
import { LazyVoiceControl } from '../voice/LazyVoice';
import type { Recording } from '../voice/recorder';
import { useFiles, useUploadList } from './FilesContext';
import { useLeaveGuard } from './leaving';
import { isUnsent } from './progress';

const SIGNAL_MS = 3_000;

export interface Carried {
  attach: (files: readonly File[]) => void;
  /** The composer's places. */
  tools: ReactNode;
  tray: ReactNode;
  endTool: ReactNode;
  /** There is something to send besides text. */
  laden: boolean;
  /** A recording is under way or not sent yet: its control must stay. */
  recording: boolean;
  /** The ids for the message that is sent now. */
  take: () => string[];
  /** A question that is to be answered first. */
  asking: ReactNode;
}

/** `onSent` after a voice message, `onEmptied` when the last file of the tray is gone. */
export function useCarried(conversationId: string, { onSent, onEmptied }: { onSent: () => void; onEmptied: () => void }): Carried {
  const client = useSocket();
  const { uploads, local } = useFiles();
  const list = useUploadList();
  const mine = useMemo(() => uploadsFor(list, conversationId), [list, conversationId]);
  const [recording, setRecording] = useState(false);
  const [speaking, setSpeaking] = useState(false);
  useSignal(conversationId, speaking);
  const asked = useLeaveGuard(recording);

  const attach = (files: readonly File[]) => {
    const { leftOut } = uploads.addAll(files, { conversationId });
    if (leftOut > 0) notice('Not all files were added', leftOutText(leftOut, uploads.limits));
  };
  const take = () => {
    const taken = mine.filter(isUnsent);
    for (const { id } of taken.filter(hasFailed)) uploads.retry(id);
    return taken.map(({ id }) => id);
  };
  const say = (spoken: Recording): Promise<void> => {
    const id = uploads.add(spoken.blob, { conversationId, name: voiceName(spoken.blob, new Date()), voice: true });
    const refused = uploads.list.get().find((upload) => upload.id === id && hasFailed(upload))?.error;
    if (refused) {
      uploads.remove(id);
      notice('The voice message was not sent', refused.message);
      return Promise.reject(new Error(refused.message));
    }
    local.tellOf(id, spoken);
    client.send(conversationId, '', { attachments: [id], replyTo: client.drafts.get(conversationId).replyTo });
    onSent();
    return Promise.resolve();
  };
  return {
    attach,
    take,
    laden: mine.some(isUnsent),
    recording,
    tools: <FileButton onFiles={attach} />,
    tray: <UploadTray uploads={mine} onRemove={(id) => uploads.remove(id)} onRetry={(id) => uploads.retry(id)} onEmptied={onEmptied} />,
    endTool: <LazyVoiceControl onSend={say} onBusy={setRecording} onActivity={setSpeaking} />,
    asking: asked && (
      <Confirm
        title="Leave without sending your voice message?"
        text="It has not been sent. It is lost when you leave this conversation."
        action="Leave"
        onClose={asked.stay}
        onConfirm={asked.leave}
      />
    ),
  };
}

/** A signal is forgotten after some seconds: whoever speaks on says so again. */
function useSignal(conversationId: string, speaking: boolean): void {
  const client = useSocket();
  useEffect(() => {
    if (!speaking) return undefined;
    const tell = () => client.typing(conversationId, 'recording');
    tell();
    const again = setInterval(tell, SIGNAL_MS);
    return () => {
      clearInterval(again);
      client.stopTyping();
    };
  }, [client, conversationId, speaking]);
}

function hasFailed({ status }: Upload): boolean {
  return status === 'failed';
}

/** It is seen where files are listed and saved. */
function voiceName({ type }: Blob, now: Date): string {
  const [day = '', time = ''] = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().split('T');
  const ending = /^audio\/(\w+)/.exec(type)?.[1] ?? 'webm';
  return `Voice message ${day} ${time.slice(0, 8).replaceAll(':', '.')}.${ending}`;
}
