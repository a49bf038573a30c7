/** Styles of the login. */
import { css } from 'lit';

export const loginStyles = css`
  :host { min-height: 100dvh; display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1.1fr); }
  main { display: grid; place-content: center; padding: var(--s6) var(--s5); }
  .box { width: min(380px, 100vw - 2 * var(--s5)); }
  .brand { display: flex; align-items: center; gap: var(--s3); margin-bottom: var(--s7); font-weight: 600; font-size: var(--text-l); letter-spacing: -0.01em; }
  .brand img { width: 34px; height: 34px; }
  h1 { font-size: var(--text-2xl); }
  .lead { margin: var(--s2) 0 var(--s6); color: var(--ink-3); }
  form { display: grid; gap: var(--s4); }
  .button.primary { min-height: 46px; margin-top: var(--s2); }
  aside {
    position: relative; overflow: hidden; display: grid; align-content: end; padding: var(--s7); color: #dcefe9;
    background: radial-gradient(120% 90% at 85% 0%, #16806c 0%, #0b4f43 46%, #07332c 100%);
  }
  aside p { max-width: 30ch; font-size: clamp(1.35rem, 2.1vw, 1.9rem); line-height: 1.28; letter-spacing: -0.02em; font-weight: 500; color: #fff; text-wrap: balance; }
  .bubbles { position: absolute; inset: 0; display: grid; align-content: start; justify-items: end; gap: var(--s4); padding: 12vh 9% 0 0; }
  .bubble {
    display: grid; gap: 8px; width: min(300px, 70%); padding: var(--s4); border-radius: 18px 18px 4px 18px;
    background: rgb(255 255 255 / 10%); border: 1px solid rgb(255 255 255 / 14%); backdrop-filter: blur(6px);
  }
  .bubble:nth-child(2) { margin-right: 16%; border-radius: 18px 18px 18px 4px; opacity: 0.75; }
  .bubble:nth-child(3) { margin-right: 5%; opacity: 0.5; }
  .bubble i { height: 8px; border-radius: 4px; background: rgb(255 255 255 / 38%); }
  .bubble i:first-child { width: 40%; background: #ffc857; }
  .bubble i:nth-child(3) { width: 65%; }
  @media (max-width: 860px) { :host { grid-template-columns: 1fr; } aside { display: none; } main { align-content: start; padding-top: 14vh; } .brand { margin-bottom: var(--s6); } }
`;
