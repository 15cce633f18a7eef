/**
 * Menus on Radix: arrows, type-ahead and focus are its work. Not modal, so it needs no style element of its own.
 * What was chosen is done once the menu is gone and the focus is back, so that a window it opens can give it back too.
 */

import * as Radix from '@radix-ui/react-dropdown-menu';
import type { LucideIcon } from 'lucide-react';
import { Check } from 'lucide-react';
import { createContext, use, useRef, type ReactNode, type RefObject } from 'react';

interface MenuProps {
  trigger: ReactNode;
  label: string;
  children: ReactNode;
  align?: 'start' | 'end';
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  /** What gets the focus when it closes; the trigger where absent. */
  returnFocus?: () => void;
}

const Chosen = createContext<RefObject<(() => void) | null>>({ current: null });

export function Menu({ trigger, label, children, align = 'end', open, onOpenChange, returnFocus }: MenuProps) {
  const chosen = useRef<(() => void) | null>(null);
  const control = { ...(open !== undefined && { open }), ...(onOpenChange && { onOpenChange }) };
  return (
    <Radix.Root modal={false} {...control}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          className="menu"
          align={align}
          sideOffset={4}
          collisionPadding={8}
          aria-label={label}
          onCloseAutoFocus={(event) => {
            if (returnFocus) {
              event.preventDefault();
              returnFocus();
            }
            const act = chosen.current;
            chosen.current = null;
            if (act) setTimeout(act);
          }}
        >
          <Chosen value={chosen}>{children}</Chosen>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface ItemProps {
  icon?: LucideIcon;
  children: ReactNode;
  onSelect: () => void;
  danger?: boolean;
  disabled?: boolean;
  /** The key that does the same. */
  hint?: string;
}

export function MenuItem({ icon: Icon, children, onSelect, danger = false, disabled = false, hint }: ItemProps) {
  const chosenRef = use(Chosen);
  const choose = () => {
    chosenRef.current = onSelect;
  };
  return (
    <Radix.Item className={danger ? 'menu-item menu-item-danger' : 'menu-item'} onSelect={choose} disabled={disabled}>
      {Icon ? <Icon size={16} strokeWidth={1.75} aria-hidden="true" /> : <span className="menu-gap" />}
      <span className="menu-text">{children}</span>
      {hint !== undefined && (
        <kbd className="menu-hint" aria-hidden="true">
          {hint}
        </kbd>
      )}
    </Radix.Item>
  );
}

/** Signs side by side, each of them on or off. */
export function MenuSigns({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Radix.Group className="menu-signs" aria-label={label}>
      {children}
    </Radix.Group>
  );
}

export function MenuSign({ label, checked, children, onSelect }: { label: string; checked: boolean; children: ReactNode; onSelect: () => void }) {
  const chosenRef = use(Chosen);
  const choose = () => {
    chosenRef.current = onSelect;
  };
  return (
    <Radix.CheckboxItem className="menu-sign" aria-label={label} title={label} checked={checked} onSelect={choose}>
      {children}
    </Radix.CheckboxItem>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; label: string; icon: LucideIcon }[];
  onChange: (value: T) => void;
}

export function MenuChoice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  return (
    <Radix.RadioGroup value={value} onValueChange={(next) => onChange(next as T)} aria-label={label}>
      <Radix.Label className="menu-label">{label}</Radix.Label>
      {options.map(({ value: option, label: name, icon: Icon }) => (
        <Radix.RadioItem key={option} value={option} className="menu-item" onSelect={(event) => event.preventDefault()}>
          <Icon size={16} strokeWidth={1.75} aria-hidden="true" />
          <span className="menu-text">{name}</span>
          <Radix.ItemIndicator>
            <Check size={16} strokeWidth={2} aria-hidden="true" />
          </Radix.ItemIndicator>
        </Radix.RadioItem>
      ))}
    </Radix.RadioGroup>
  );
}

export function MenuLine() {
  return <Radix.Separator className="menu-line" />;
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <Radix.Label className="menu-label">{children}</Radix.Label>;
}
