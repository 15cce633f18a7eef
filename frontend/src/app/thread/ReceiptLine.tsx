/** What became of one's last message: ticks for the eye, words for the ear, the whole time on hover. */

import { Check, CheckCheck, Clock } from 'lucide-react';

import type { Receipt } from '../../client';
import { receiptWords } from './receipt';

interface Props {
  receipt: Receipt;
  sentAt: string;
  /** Shows who has read it and who has not; in groups. */
  onOpen: (() => void) | null;
  tabIndex: number;
}

export function ReceiptLine({ receipt, sentAt, onOpen, tabIndex }: Props) {
  const { status, others } = receipt;
  if (others === 0 || status === 'failed' || status === 'waiting') return null;
  const { words, when, hint } = receiptWords(receipt, sentAt);
  const group = others > 1;
  const shown = (
    <>
      <Ticks status={status} />
      <span className={group || status === 'sending' ? undefined : 'visually-hidden'}>{words}</span>
      {when !== null && <span className="visually-hidden">at {when}</span>}
    </>
  );
  const passing = status === 'sending';
  if (onOpen === null || passing) {
    return (
      <span className="said-fate" data-status={status} data-passing={passing} title={hint}>
        {shown}
      </span>
    );
  }
  return (
    <button type="button" className="said-fate" data-status={status} title={hint} tabIndex={tabIndex} onClick={onOpen}>
      {shown}
    </button>
  );
}

function Ticks({ status }: { status: Receipt['status'] }) {
  const Icon = status === 'sending' ? Clock : status === 'sent' ? Check : CheckCheck;
  return <Icon size={status === 'sending' ? 12 : 15} strokeWidth={2} aria-hidden="true" />;
}
