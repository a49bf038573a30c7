/** The table of the simulator's addresses on the screen is the simulator's own. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RULES } from './rules';
import './simulator-rules';
import type { SimulatorRules } from './simulator-rules';

const table = readFileSync('../../dispatcher/src/simulator/rules/table.rs', 'utf8');
/** `email("rebota", RuleKind::Refused(Refusal::mail(550, "5.1.1 …")))`, `sms("0001", …(Refusal::sms(400, 21211, "…")))`, `sms("0007", …(30003))`. */
const ROW =
  /^ +(email|sms)\("(\w+)", RuleKind::\w+(?:\((?:(\d+)\)|Refusal::(?:mail\((\d+), "([\d.]+) |sms\(\d+, (\d+), )))?/gm;
const rows = [...table.matchAll(ROW)].map(([, channel, pattern, reported, status, enhanced, code]) => [
  channel,
  pattern,
  reported ?? code ?? [status, enhanced].filter(Boolean).join(' '),
]);

describe('the table of the simulator’s addresses', () => {
  it('has every rule of the simulator, with its code', () => {
    expect(rows).toHaveLength(Number(/RULES: \[Rule; (\d+)\]/.exec(table)?.[1]));
    expect(RULES.map(({ channel, pattern, code }) => [channel, pattern, code])).toEqual(rows);
  });
  it('is folded, and shows those of the channel that is looked at', async () => {
    const shown = document.createElement('simulator-rules') as SimulatorRules;
    shown.channel = 'email';
    document.body.append(shown);
    await shown.updateComplete;
    expect(shown.renderRoot.querySelector('details')?.open).toBe(false);
    const first = [...shown.renderRoot.querySelectorAll('tbody tr')].map((row) =>
      row.textContent?.replace(/\s+/g, ' '),
    );
    expect(first).toHaveLength(RULES.filter((rule) => rule.channel === 'email').length);
    expect(first[0]).toContain('rebota@');
    expect(first[0]).toContain('el buzón no existe');
    shown.remove();
  });
});
