/** «Proyecciones»: the position of each projection, and its rebuild. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import { getProjections, rebuildProjection } from '../api';
import type { Projection } from '../contract';
import { number, t, tOr } from '../i18n';
import { sentence } from '../problem';
import { Polled } from '../store/polled';
import { toastFailure } from '../store/toasts';
import { base } from '../ui/base';
import { confirmed } from '../ui/confirm-dialog';
import '../ui/empty-state';
import { icon } from '../ui/icons';
import '../ui/loading-rows';

/** Polling intervals: short during a rebuild, long otherwise. */
const BUSY_MS = 700;
const CALM_MS = 4_000;
const TONES = { live: 'ok', rebuilding: 'info', failed: 'danger' } as const;

@customElement('projections-page')
export class ProjectionsPage extends LitElement {
  static override styles = [
    base,
    css`
      .notice { margin-bottom: var(--s4); }
      td { vertical-align: middle; }
      progress { width: 120px; height: 8px; appearance: none; border: 0; border-radius: 4px; overflow: hidden; background: var(--surface-3); }
      progress::-webkit-progress-bar { background: var(--surface-3); }
      progress::-webkit-progress-value { background: var(--accent); border-radius: 4px; transition: width 300ms; }
      progress::-moz-progress-bar { background: var(--accent); }
      .state { display: inline-flex; align-items: center; gap: var(--s3); flex-wrap: wrap; }
    `,
  ];

  private readonly polled = new Polled(this, async () => (await getProjections()).data, paceOf);

  override render() {
    return html`<div class="page">
      <div class="page-head"><div class="lead"><h1>${t('projections.title')}</h1><p>${t('projections.lead')}</p></div></div>
      <p class="notice">${icon('info', 18)}<span>${t('projections.banner')}</span></p>
      <section class="card" aria-label=${t('projections.title')}>${this.content()}</section>
    </div>`;
  }

  private content() {
    const { value: projections, failure } = this.polled;
    if (!projections)
      return failure
        ? html`<empty-state icon="alert" heading=${t('list.failed')} text=${failure}></empty-state>`
        : html`<loading-rows></loading-rows>`;
    return html`<table class="cards">
      <caption class="hidden">${t('projections.title')}</caption>
      <thead><tr><th>${t('projections.name')}</th><th>${t('filter.state')}</th><th class="right">${t('projections.position')}</th><th class="right">${t('projections.lag')}</th><th><span class="hidden">${t('actions')}</span></th></tr></thead>
      <tbody>${projections.map((one) => this.row(one))}</tbody>
    </table>`;
  }

  private row(one: Projection) {
    const busy = one.state === 'rebuilding';
    const name = nameOf(one);
    return html`<tr>
      <td class="lead strong">${name}</td>
      <td data-label=${t('filter.state')}><span class="state"><span class="pill ${TONES[one.state]}">${t(`projections.${one.state}`)}</span>
        ${busy ? progress(name, one.progress ?? 0) : nothing}
        ${one.parked > 0 ? html`<span class="pill warn">${t('projections.parked', { n: one.parked })}</span>` : nothing}
        ${one.failure ? html`<span class="small muted wrap">${one.failure}</span>` : nothing}</span></td>
      <td class="right num" data-label=${t('projections.position')}>${number(one.position)}</td>
      <td class="right num" data-label=${t('projections.lag')}>${number(one.lag)}</td>
      <td class="actions"><button class="button small" type="button" ?disabled=${busy} aria-label=${t('projections.rebuild_one', { name })} @click=${() => this.rebuild(one)}>${icon('refresh', 16)}${t('projections.rebuild')}</button></td>
    </tr>`;
  }

  private async rebuild(one: Projection): Promise<void> {
    const agreed = await confirmed({
      heading: t('projections.rebuild_heading', { name: nameOf(one) }),
      text: t('projections.rebuild_text'),
      action: t('projections.rebuild'),
    });
    if (!agreed) return;
    try {
      await rebuildProjection(one.name);
    } catch (error) {
      toastFailure(sentence(error));
    }
    await this.polled.look();
  }
}

const paceOf = (projections: Projection[] | null): number =>
  projections?.some((one) => one.state === 'rebuilding') ? BUSY_MS : CALM_MS;

/** The name that the rest of the screens use. */
const nameOf = ({ name }: Projection): string => tOr(`projection.${name}`, name);

const progress = (name: string, share: number) =>
  html`<progress max="1" value=${share} aria-label=${t('projections.progress', { name })}></progress><span class="num small">${Math.floor(share * 100)} %</span>`;
