/** A person's initials in a quiet colour of their own. */
import { css, html, type TemplateResult } from 'lit';

const TONES = 6;

export function avatar(name: string): TemplateResult {
  const words = name.trim().split(/\s+/);
  const initials = (words[0]?.[0] ?? '') + (words.length > 1 ? (words.at(-1)?.[0] ?? '') : '');
  const tone = [...name].reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0) % TONES;
  return html`<span class="avatar tone-${tone}" aria-hidden="true">${initials.toUpperCase()}</span>`;
}

export const avatarStyles = css`
  .avatar {
    display: inline-grid; place-items: center; flex: none; width: 36px; height: 36px; border-radius: 12px;
    font-size: var(--text-xs); font-weight: 600; letter-spacing: 0.02em;
  }
  .avatar.big { width: 44px; height: 44px; border-radius: 14px; font-size: var(--text-s); }
  .tone-0 { background: light-dark(#dff0eb, #15382f); color: light-dark(#0b5a4c, #7fdcc6); }
  .tone-1 { background: light-dark(#e4ecf9, #1a2c47); color: light-dark(#1f4f8f, #9dc2f3); }
  .tone-2 { background: light-dark(#f6e9d7, #3a2a10); color: light-dark(#774a06, #eec17c); }
  .tone-3 { background: light-dark(#efe6f7, #2e2140); color: light-dark(#5f3a92, #c7a9ef); }
  .tone-4 { background: light-dark(#f9e4e6, #3e1c21); color: light-dark(#932b3a, #f2a3ad); }
  .tone-5 { background: light-dark(#e6eed6, #26320f); color: light-dark(#48600f, #bdd682); }
`;
