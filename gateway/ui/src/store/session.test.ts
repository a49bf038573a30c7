/** Rules of the companies that a person may act for: none yet is not none, and a failure forgets nothing. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { companies, companiesRead, loadCompanies, session } from './session';

const vigia = { id: 'c1', name: 'Vigía Andina', country: 'CO', time_zone: 'America/Bogota' };
let answers: boolean;

beforeEach(() => {
  answers = true;
  vi.stubGlobal('fetch', async () => {
    if (!answers) throw new TypeError('network');
    const body = JSON.stringify({ data: [vigia], next: null });
    return new Response(body, { headers: { 'content-type': 'application/json' } });
  });
});
afterEach(() => {
  session.set({ status: 'out' });
  vi.unstubAllGlobals();
});

it('a first reading that fails is not an answer of none', async () => {
  answers = false;
  await loadCompanies();
  expect([companies.get(), companiesRead.get()]).toEqual([[], 'failed']);
});
it('a later reading that fails leaves those that are known', async () => {
  await loadCompanies();
  answers = false;
  await loadCompanies();
  expect([companies.get(), companiesRead.get()]).toEqual([[vigia], 'ready']);
});
it('whoever leaves takes their companies along', async () => {
  await loadCompanies();
  session.set({ status: 'out' });
  expect([companies.get(), companiesRead.get()]).toEqual([[], 'loading']);
});
