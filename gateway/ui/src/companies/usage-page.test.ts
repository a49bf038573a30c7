/** Rules of the page of usage: the limits with what is left of them, the days, and another month on request. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import './usage-page';
import { NO_LIMITS } from './limits';
import type { UsagePage } from './usage-page';

const COMPANY = '0192a000-0000-7000-8000-000000000002';
const none = { messages: 0, segments: 0, foreign: 0, cost: null };
const sms = { messages: 1284, segments: 1912, foreign: 3, cost: { amount: 17_208_000, currency: 'USD', unpriced: 0 } };

let page: UsagePage;
let asked: string[];

beforeEach(async () => {
  asked = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    const url = new URL(request.url);
    asked.push(url.pathname + url.search);
    const month = url.searchParams.get('month') ?? '2026-11';
    const limits =
      month === '2026-11'
        ? [{ name: 'sms_per_day', limit: 1500, used: 1284, promised: 100, until: '2026-12-01T05:00:00Z' }]
        : [];
    const body = url.pathname.endsWith('/usage')
      ? { month, limits, sms, email: none, days: [{ day: '2026-11-30', sms, email: none }] }
      : {
          data: [{ id: COMPANY, name: 'Vigía', country: 'CO', time_zone: 'America/Bogota', limits: NO_LIMITS }],
          next: null,
        };
    return new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });
  });
  page = document.createElement('usage-page') as UsagePage;
  document.body.append(page);
  await vi.waitFor(() => expect(page.renderRoot.querySelectorAll('article')).toHaveLength(1));
});
afterEach(() => {
  page.remove();
  vi.unstubAllGlobals();
});

const words = (selector: string) =>
  [...page.renderRoot.querySelectorAll(selector)].map((cell) => cell.textContent?.replace(/\s+/g, ' ').trim());

describe('the usage of a company', () => {
  it('shows what is left of each limit, with what is used, promised and when it begins again', () => {
    const card = words('article')[0];
    expect(card).toMatch(
      /^SMS por día\s*92 % Quedan 116 1\.284 usados y 100 comprometidos de 1\.500\s*Se renueva: .*00:00/,
    );
    const bar = page.renderRoot.querySelector('[role="img"]');
    expect(bar?.getAttribute('aria-label')).toBe('SMS por día: 1.284 usados y 100 comprometidos de 1.500');
  });
  it('shows what was sent a day and what it cost', () => {
    const row = words('section:last-of-type tbody tr:first-child td');
    expect(row.slice(1, 4)).toEqual(['1.284', '1.912', '3']);
    expect(row[4]).toMatch(/17,21/);
  });
  it('shows another month without limits', async () => {
    const month = page.renderRoot.querySelector('#month') as HTMLInputElement;
    month.value = '2026-10';
    month.dispatchEvent(new Event('input'));
    await vi.waitFor(() => expect(page.renderRoot.querySelectorAll('article')).toHaveLength(0));
    expect(page.renderRoot.textContent).not.toContain('no tiene límites');
    expect(asked.at(-1)).toBe(`/api/v1/companies/${COMPANY}/usage?month=2026-10`);
  });
});
