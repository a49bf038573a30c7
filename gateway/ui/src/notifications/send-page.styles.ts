/** Styles of the notification form and its preview. */
import { css } from 'lit';

export const sendStyles = css`
  .columns { display: grid; grid-template-columns: minmax(0, 1.15fr) minmax(300px, 0.85fr); gap: var(--s5); align-items: start; }
  form { display: grid; grid-template-columns: minmax(0, 1fr); gap: var(--s5); }
  .notice a { color: inherit; }
  .two { display: grid; grid-template-columns: 1fr 1fr; gap: var(--s4); }
  .aside { position: sticky; top: 76px; display: grid; gap: var(--s4); }
  .send { display: flex; flex-wrap: wrap; align-items: center; gap: var(--s3); padding-top: var(--s4); border-top: 1px solid var(--line); }
  textarea.control { min-height: 168px; }
  @media (max-width: 900px) { .columns { grid-template-columns: minmax(0, 1fr); } .aside { position: static; } }
  @media (max-width: 520px) { .two { grid-template-columns: 1fr; } .send .button { flex: 1; } }
`;
