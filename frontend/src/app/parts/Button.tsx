/** Buttons: with words, or with an icon and the words as its name. */

import type { LucideIcon } from 'lucide-react';
import type { ComponentProps, Ref } from 'react';

type Kind = 'primary' | 'plain' | 'danger' | 'quiet';

interface ButtonProps extends ComponentProps<'button'> {
  kind?: Kind;
}

export function Button({ kind = 'plain', className = '', type = 'button', ...rest }: ButtonProps) {
  return <button type={type} className={`button button-${kind} ${className}`} {...rest} />;
}

interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children'> {
  icon: LucideIcon;
  label: string;
  /** Shown with the name on hover. */
  hint?: string;
  ref?: Ref<HTMLButtonElement>;
}

export function IconButton({ icon: Icon, label, hint, className = '', type = 'button', ...rest }: IconButtonProps) {
  const title = hint === undefined ? label : `${label} (${hint})`;
  return (
    <button type={type} className={`icon-button ${className}`} aria-label={label} title={title} {...rest}>
      <Icon size={18} strokeWidth={1.75} aria-hidden="true" />
    </button>
  );
}
