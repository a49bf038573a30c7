/** Rules of the recipients: failures first, and found by cause and by client, with the address. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { navigate, place } from '../app/router';
import type { Totals } from '../contract';
import { session } from '../store/session';
import './deliveries-list';
import type { DeliveriesList } from './deliveries-list';
import './failure-causes';
import type { FailureCauses } from './failure-causes';

const NOBODY = { pending: 0, sending: 0, deferred: 0, suppressed: 0, in_doubt: 0, cancelled: 0, delivered: 0 };
const totals = (failed: number, accepted: number): Totals => ({
  ...NOBODY,
  failed,
  accepted,
  total: failed + accepted,
});
const CAUSE = { outcome: 'failed', class: 'permanent_address', phase: 'http', code: '21211', observed: '', count: 2 };

let list: DeliveriesList;
let asked: string[];

function open(of: Totals): void {
  list = Object.assign(document.createElement('deliveries-list') as DeliveriesList, { notification: 'n1', totals: of });
  document.body.append(list);
}
const last = () => asked.at(-1);
const button = (label: RegExp) =>
  [...list.renderRoot.querySelectorAll('button')].find((one) => label.test(one.textContent ?? '')) as HTMLButtonElement;

beforeEach(() => {
  asked = [];
  session.set({ status: 'out' });
  navigate('/notificaciones/n1');
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname, search } = new URL(request.url);
    const isFailures = pathname.endsWith('/failures');
    if (!isFailures) asked.push(search);
    const data = isFailures ? [CAUSE] : [];
    return new Response(JSON.stringify({ data, next: null }), { headers: { 'content-type': 'application/json' } });
  });
});
afterEach(() => {
  list.remove();
  vi.unstubAllGlobals();
  navigate('/');
});

describe('the recipients', () => {
  it('that failed come first, and everybody is one click away', async () => {
    open(totals(2, 5));
    await vi.waitFor(() => expect(asked).toEqual(['?state=failed']));
    expect(button(/fallidos/).getAttribute('aria-pressed')).toBe('true');
    button(/todos/).click();
    await vi.waitFor(() => expect(last()).toBe(''));
    expect(place.get().query.toString()).toBe('estado=todos');
  });
  it('are everybody where nobody failed, also once the first fails', async () => {
    open(totals(0, 5));
    await vi.waitFor(() => expect(asked).toEqual(['']));
    list.totals = totals(1, 5);
    await list.updateComplete;
    expect(button(/todos/).getAttribute('aria-pressed')).toBe('true');
    expect(asked).toEqual(['']);
  });
  it('are everybody again once the failed ones were sent again', async () => {
    open(totals(1, 5));
    await vi.waitFor(() => expect(last()).toBe('?state=failed'));
    list.totals = totals(0, 6);
    await vi.waitFor(() => expect(last()).toBe(''));
  });
  it('are searched, and the address keeps the search', async () => {
    open(totals(2, 5));
    await list.updateComplete;
    const field = list.renderRoot.querySelector('input') as HTMLInputElement;
    Object.assign(field, { value: 'núñez\t300' });
    field.dispatchEvent(new Event('input'));
    await vi.waitFor(() => expect(last()).toBe('?state=failed&q=n%C3%BA%C3%B1ez%20300'));
    expect(place.get().query.get('buscar')).toBe('núñez 300');
    await vi.waitFor(() =>
      expect(list.renderRoot.querySelector('empty-state')?.getAttribute('heading')).toBe(
        'Ningún destinatario coincide',
      ),
    );
  });
  it('are as the address says', async () => {
    navigate('/notificaciones/n1?estado=in_doubt&buscar=ana');
    open(totals(2, 5));
    await vi.waitFor(() => expect(asked).toEqual(['?state=in_doubt&q=ana']));
  });
});

describe('a cause', () => {
  let causes: FailureCauses;
  beforeEach(() => {
    causes = Object.assign(document.createElement('failure-causes') as FailureCauses, { notification: 'n1' });
    causes.totals = totals(2, 5);
    document.body.append(causes);
  });
  afterEach(() => causes.remove());
  const link = () => causes.renderRoot.querySelector('a') as HTMLAnchorElement;

  it('opens its recipients by all of its words, until it is removed', async () => {
    open(totals(2, 5));
    await vi.waitFor(() => expect(link()).not.toBeNull());
    expect(link().getAttribute('aria-current')).toBeNull();
    navigate(link().getAttribute('href') as string);
    await vi.waitFor(() => expect(last()).toBe('?state=failed&class=permanent_address&phase=http&code=21211'));
    expect(list.renderRoot.querySelector('.of-cause')?.textContent).toContain('La dirección o el número no existe');
    expect(link().getAttribute('aria-current')).toBe('true');
    (list.renderRoot.querySelector('[aria-label="Quitar la causa"]') as HTMLButtonElement).click();
    await vi.waitFor(() => expect(last()).toBe('?state=failed'));
  });
});
