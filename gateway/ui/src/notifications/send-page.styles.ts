/** Styles of the notification form and its preview. */
import { css } from 'lit';

export const sendStyles = css`
  .columns {
    display: grid; grid-template-columns: minmax(0, 1.2fr) minmax(300px, 0.8fr); grid-template-rows: auto 1fr; gap: var(--s4) var(--s5); align-items: start;
    grid-template-areas: 'fields aside' 'send aside';
  }
  .fields { grid-area: fields; display: grid; grid-template-columns: minmax(0, 1fr); gap: var(--s4); }
  .tagged:empty { display: none; }
  .notice a { color: inherit; }
  .notice .row { margin-top: var(--s2); }
  .two { display: grid; grid-template-columns: 1fr 1fr; gap: var(--s4); }
  .aside { grid-area: aside; display: grid; grid-template-columns: minmax(0, 1fr); gap: var(--s4); }
  .limits:not(:has(.notice)) { display: none; }
  .send { grid-area: send; display: flex; flex-wrap: wrap; align-items: center; gap: var(--s3); padding: var(--s4) var(--s5); }
  .sum { flex: 1 0 100%; font-weight: 550; }
  kbd { padding: 0 6px; border: 1px solid currentColor; border-radius: 6px; font: 500 var(--text-xs) / 1.5 var(--font); opacity: 0.85; }
  textarea.control { min-height: 108px; }
  @media (min-width: 1600px) { .columns { grid-template-columns: minmax(0, 1fr) minmax(420px, 560px); } }
  @media (max-width: 900px) { .columns { grid-template-columns: minmax(0, 1fr); grid-template-rows: none; grid-template-areas: 'fields' 'aside' 'send'; } }
  @media (max-width: 520px) { .two { grid-template-columns: 1fr; } .send { padding: var(--s4); } .send .button { flex: 1; } }
  @media (hover: none) { kbd { display: none; } }
`;
