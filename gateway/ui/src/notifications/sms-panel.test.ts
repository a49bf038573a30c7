/** Rules of the panel of an SMS: it says which characters «Optimizar sin tildes» cannot change. */
import { afterEach, describe, expect, it } from 'vitest';
import { t } from '../i18n';
import './sms-panel';
import type { SmsPanel } from './sms-panel';

afterEach(() => document.body.replaceChildren());

async function shown(text: string, cheap: boolean): Promise<string> {
  const panel = document.createElement('sms-panel') as SmsPanel;
  Object.assign(panel, { text, cheap });
  document.body.append(panel);
  await panel.updateComplete;
  return panel.renderRoot.querySelector('[aria-live]')?.textContent?.replace(/\s+/g, ' ') ?? '';
}

describe('a text with accents and an emoji', () => {
  it('says before it is optimised which of its characters stay', async () => {
    const words = await shown('Mañana habrá corte 🙂', false);
    expect(words).toContain(`${t('sms.forcing')} á🙂`);
    expect(words).toContain(`${t('sms.stays')} 🙂`);
  });
  it('says afterwards what stayed, and once', async () => {
    const words = await shown('Mañana habrá corte 🙂', true);
    expect(words).toContain(`${t('sms.stays')} 🙂`);
    expect(words).not.toContain(t('sms.forcing'));
  });
});

it('a text of which nothing stays says nothing of it', async () => {
  for (const cheap of [false, true]) expect(await shown('Habrá corte', cheap)).not.toContain(t('sms.stays'));
});
