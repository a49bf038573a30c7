/** Rules of the notice that all providers of a channel are paused. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import './halted-notice';
import type { HaltedNotice } from './halted-notice';

const provider = (channel: string, paused: unknown) => ({ name: 'uno', channel, paused, changes: [] });

async function shown(channel: 'sms' | 'email'): Promise<string> {
  const data = [provider('sms', { since: '2026-11-30T12:00:00Z', by: null, reason: null }), provider('email', null)];
  const asked = vi.fn(async () => Response.json({ data, next: null }));
  vi.stubGlobal('fetch', asked);
  const notice = document.createElement('halted-notice') as HaltedNotice;
  notice.channel = channel;
  document.body.append(notice);
  await vi.waitFor(() => expect(asked).toHaveBeenCalled());
  await new Promise((resolve) => setTimeout(resolve));
  await notice.updateComplete;
  return notice.renderRoot.textContent ?? '';
}

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

describe('the notice of a halted channel', () => {
  it('says that everybody of the channel waits', async () => {
    await expect.poll(() => shown('sms')).toContain('Todos los proveedores están en pausa (SMS)');
  });
  it('is silent about a channel that goes on', async () => {
    expect((await shown('email')).trim()).toBe('');
  });
});
