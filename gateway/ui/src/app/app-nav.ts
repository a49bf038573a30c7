/** The navigation, with the exact number of unread messages. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import { number, t } from '../i18n';
import { queue, waiting } from '../pending/queue';
import { counts } from '../store/counts';
import { Watching } from '../store/store';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
import { isCurrent, type NavItem, navigation } from './navigation';
import { place } from './router';

@customElement('app-nav')
export class AppNav extends LitElement {
  static override styles = [
    base,
    css`
      h2 { margin: var(--nav-gap) 0 var(--s1); padding: 0 var(--s3); font-size: var(--text-xs); font-weight: 550; color: var(--ink-3); letter-spacing: 0; }
      section:first-child h2 { margin-top: 0; }
      a {
        display: flex; align-items: center; gap: var(--s3); min-height: var(--nav-row); padding: 0 var(--s2) 0 var(--s3); border-radius: var(--r2);
        color: var(--ink-2); text-decoration: none; font-weight: 500; font-size: 0.875rem;
      }
      a:hover { background: var(--surface-3); color: var(--ink); }
      a[aria-current] { background: var(--surface); color: var(--ink); box-shadow: var(--shadow-1), inset 0 0 0 1px var(--line); }
      a[aria-current] .icon { color: var(--accent-ink); }
      .label { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      .badge {
        min-width: 22px; padding: 1px 6px; border-radius: 99px; background: var(--unread); color: var(--on-accent);
        font-size: var(--text-xs); font-weight: 600; text-align: center; border: 1px solid transparent;
      }
      .badge.pending { background: var(--danger-solid); color: #fff; }
    `,
  ];

  private readonly place = new Watching(this, place);
  private readonly counts = new Watching(this, counts);
  private readonly queue = new Watching(this, queue);

  override render() {
    return html`<nav aria-label=${t('nav.label')}>
      ${navigation().map(
        (group) => html`<section>
          <h2>${t(group.label)}</h2>
          <ul>${group.items.map((item) => html`<li>${this.link(item)}</li>`)}</ul>
        </section>`,
      )}
    </nav>`;
  }

  private link(item: NavItem) {
    return html`<a href=${item.path} aria-current=${isCurrent(item, this.place.value.path) ? 'page' : nothing}>
      ${icon(item.icon)}<span class="label">${t(item.label)}</span>${this.badge(item)}
    </a>`;
  }

  private badge({ counts }: NavItem) {
    const n = counts === 'unread' ? this.counts.value.unread : counts === 'pending' ? waiting(this.queue.value) : 0;
    if (!counts || n === 0) return nothing;
    return html`<span class="badge num ${counts}" aria-hidden="true">${number(n)}</span><span class="hidden">${t(`nav.${counts}`, { n })}</span>`;
  }
}
