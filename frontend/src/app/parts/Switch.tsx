/** On or off, with what it means. The whole line can be pressed. */

import { useId, type ReactNode } from 'react';

interface Props {
  label: string;
  text?: ReactNode;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}

export function Switch({ label, text, checked, onChange, disabled = false }: Props) {
  const id = useId();
  return (
    <div className="switch-line">
      <label htmlFor={id} className="switch-words">
        <span className="switch-label">{label}</span>
        {text !== undefined && (
          <span id={`${id}-text`} className="switch-text">
            {text}
          </span>
        )}
      </label>
      <input
        id={id}
        type="checkbox"
        role="switch"
        className="switch"
        aria-label={label}
        aria-describedby={text === undefined ? undefined : `${id}-text`}
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.target.checked)}
      />
    </div>
  );
}
