/** The views of a list: links with its filters. Those of everybody first, then those that the user has named. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { navigate, place } from '../app/router';
import { t } from '../i18n';
import { ordered, removeView, type SavedView, savedViews, saveView } from '../store/saved-views';
import { Watching } from '../store/store';
import { offerUndo } from '../store/undo';
import { base } from './base';
import { icon } from './icons';

export interface View {
  name: string;
  query: string;
}

const NAME_MAX = 40;

@customElement('saved-views')
export class SavedViews extends LitElement {
  static override styles = [
    base,
    css`
      nav { display: flex; flex-wrap: wrap; align-items: center; gap: var(--s2); margin-bottom: var(--s4); }
      .view, form { display: inline-flex; align-items: center; min-height: 32px; border: 1px solid var(--line); border-radius: 99px; background: var(--surface); font-size: var(--text-s); font-weight: 500; }
      .view a { padding: 5px var(--s3); border-radius: 99px; color: var(--ink-2); text-decoration: none; overflow-wrap: anywhere; }
      .view a:hover { color: var(--ink); background: var(--surface-2); }
      .view:has([aria-current]) { background: var(--ink); border-color: var(--ink); }
      .view a[aria-current], .view a[aria-current]:hover { color: var(--surface); background: none; border: 0; }
      .view .icon-button { width: 28px; height: 28px; margin: 0 2px 0 calc(-1 * var(--s2)); border-radius: 99px; }
      .view:has([aria-current]) .icon-button { color: var(--surface); }
      .view:has([aria-current]) .icon-button:hover { color: var(--ink); }
      form { gap: var(--s1); padding: 0 3px 0 var(--s3); border-color: var(--accent); }
      input { width: 150px; min-width: 0; border: 0; background: none; }
      input:focus-visible { outline: none; }
      /* On a phone they are one row to push aside. */
      @media (max-width: 720px) { nav { flex-wrap: nowrap; margin: 0 calc(-1 * var(--s4)) var(--s3); padding: 3px var(--s4); overflow-x: auto; } nav > * { flex: none; } }
      @media (forced-colors: active) { .view:has([aria-current]) { border: 2px solid Highlight; } form:focus-within { outline: 2px solid Highlight; } }
    `,
  ];

  /** The address of the list. */
  @property() path = '';
  /** Those of everybody. */
  @property({ attribute: false }) views: View[] = [];
  @state() private naming = false;
  private readonly saved = new Watching(this, savedViews);
  private readonly place = new Watching(this, place);

  override render() {
    const mine = this.saved.value.filter((one) => one.path === this.path);
    const all = [{ name: t('views.all'), query: '' }, ...this.views];
    const isKnown = [...all, ...mine].some((one) => this.isCurrent(one));
    return html`<nav aria-label=${t('views.title')}>
      ${all.map((one) => html`<span class="view">${this.link(one)}</span>`)}
      ${mine.map((one) => html`<span class="view">${this.link(one)}${this.remover(one)}</span>`)}
      ${isKnown ? nothing : this.saver()}
    </nav>`;
  }

  private link({ name, query }: View) {
    const current = this.isCurrent({ name, query }) ? 'page' : nothing;
    return html`<a href=${query ? `${this.path}?${query}` : this.path} aria-current=${current}>${name}</a>`;
  }

  private remover(view: SavedView) {
    const remove = () => {
      removeView(view);
      offerUndo(t('views.removed'), () => saveView(view));
    };
    return html`<button class="icon-button" type="button" aria-label=${t('views.remove', { name: view.name })} @click=${remove}>${icon('close', 14)}</button>`;
  }

  private saver() {
    if (!this.naming)
      return html`<button class="button quiet small" type="button" @click=${this.begin}>${icon('plus', 16)}${t('views.save')}</button>`;
    return html`<form @submit=${this.save} @keydown=${this.press}>
      <input name="view" required maxlength=${NAME_MAX} autocomplete="off" aria-label=${t('views.name')} placeholder=${t('views.name')} />
      <button class="icon-button" aria-label=${t('views.save')}>${icon('check', 18)}</button>
    </form>`;
  }

  private isCurrent({ query }: View): boolean {
    return ordered(this.place.value.query.toString()) === ordered(query);
  }

  private begin = async (): Promise<void> => {
    this.naming = true;
    await this.updateComplete;
    this.renderRoot.querySelector('input')?.focus();
  };

  private press(event: KeyboardEvent): void {
    if (event.key === 'Escape') this.naming = false;
  }

  private async save(event: Event): Promise<void> {
    event.preventDefault();
    const name = this.renderRoot.querySelector('input')?.value.trim();
    if (!name) return;
    const query = this.place.value.query.toString();
    saveView({ path: this.path, name, query });
    this.naming = false;
    navigate(`${this.path}?${query}`);
    await this.updateComplete;
    // The field is gone: the focus stays with the view that it made.
    this.renderRoot.querySelector<HTMLElement>('[aria-current]')?.focus();
  }
}
