/** Rules of the form that ends a doubt. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { toasts } from '../store/toasts';
import './doubt-form';
import type { DoubtForm } from './doubt-form';

let form: DoubtForm;
let posted: [string, unknown][];
let answer: () => Response;

beforeEach(async () => {
  posted = [];
  answer = () => Response.json({ position: 7 });
  globalThis.fetch = async (asked) => {
    const request = asked as Request;
    posted.push([new URL(request.url).pathname, await request.json()]);
    return answer();
  };
  form = document.createElement('doubt-form') as DoubtForm;
  form.delivery = 'd1';
  document.body.append(form);
  await form.updateComplete;
});
afterEach(() => document.body.replaceChildren());

const text = () => form.renderRoot.textContent ?? '';
function choose(outcome: string): void {
  form.renderRoot.querySelector<HTMLInputElement>(`input[value=${outcome}]`)?.dispatchEvent(new Event('change'));
}
function write(reason: string): void {
  const field = form.renderRoot.querySelector('textarea') as HTMLTextAreaElement;
  field.value = reason;
  field.dispatchEvent(new Event('input'));
}
async function submit(): Promise<void> {
  form.renderRoot.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
  await form.updateComplete;
}

it('offers the four decisions', () => {
  const values = [...form.renderRoot.querySelectorAll<HTMLInputElement>('input')].map((one) => one.value);
  expect(values).toEqual(['accepted', 'delivered', 'resend', 'discard']);
});

it('asks for a decision and a reason before it sends anything', async () => {
  await submit();
  expect(form.renderRoot.querySelector('#outcome-error')).not.toBeNull();
  expect(form.renderRoot.querySelector('#reason-error')).not.toBeNull();
  expect(posted).toEqual([]);
});

it('sends the decision and says that the doubt is over', async () => {
  let resolved = 0;
  form.addEventListener('resolved', () => resolved++);
  choose('resend');
  write('No está en el panel');
  await submit();
  await expect.poll(() => resolved).toBe(1);
  expect(posted).toEqual([['/api/v1/deliveries/d1/resolve', { outcome: 'resend', reason: 'No está en el panel' }]]);
  expect(toasts.get().map((one) => one.text)).toContain('La duda terminó');
});

it('shows why it is refused', async () => {
  answer = () => Response.json({ status: 409, detail: 'El envío ya no está en duda.' }, { status: 409 });
  choose('accepted');
  write('Lo dice el panel');
  await submit();
  await expect.poll(text).toContain('El envío ya no está en duda.');
});
