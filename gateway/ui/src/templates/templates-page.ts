/** «Plantillas»: what notifications say, with variables, in versions. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { getTemplate, getTemplates } from '../api';
import type { Template } from '../contract';
import { t } from '../i18n';
import { sentence } from '../problem';
import { PagedList } from '../store/paged-list';
import { companyName, may } from '../store/session';
import { toast, toastFailure } from '../store/toasts';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
import { listFrame } from '../ui/list-frame';
import './template-dialog';
import './template-preview';

@customElement('templates-page')
export class TemplatesPage extends LitElement {
  static override styles = [base, css`td { vertical-align: middle; } td .strong { overflow-wrap: anywhere; }`];

  /** `new`, or the template that gets a version. */
  @state() private editing: Template | 'new' | null = null;
  @state() private previewing: Template | null = null;

  private readonly list = new PagedList<Template>(this, (after) => getTemplates({ after }));

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.load();
  }

  override render() {
    return html`<div class="page">
      <div class="page-head">
        <div class="lead"><h1>${t('templates.title')}</h1><p>${t('templates.lead')}</p></div>
        ${may('notifier') ? html`<button class="button" type="button" @click=${this.create}>${icon('plus', 18)}${t('templates.new')}</button>` : nothing}
      </div>
      <section class="card" aria-label=${t('templates.title')}>${listFrame(this.list, this.empty(), () => this.table())}</section>
      ${this.editing ? this.editor(this.editing) : nothing}
      ${this.previewing ? this.preview(this.previewing) : nothing}
    </div>`;
  }

  private empty() {
    return html`<empty-state icon="file" heading=${t('templates.empty')} text=${t('templates.empty_text')}></empty-state>`;
  }

  private table() {
    return html`<table class="cards">
      <caption class="hidden">${t('templates.title')}</caption>
      <thead><tr><th>${t('templates.name')}</th><th>${t('send.channel')}</th><th>${t('send.category')}</th><th>${t('send.company')}</th><th class="right">${t('templates.version')}</th><th><span class="hidden">${t('actions')}</span></th></tr></thead>
      <tbody>${repeat(
        this.list.items,
        (one) => one.id,
        (one) => this.row(one),
      )}</tbody>
    </table>`;
  }

  private row(one: Template) {
    return html`<tr>
      <td class="lead strong">${one.name}</td>
      <td data-label=${t('send.channel')}>${t(`channel.${one.channel}`)}</td>
      <td data-label=${t('send.category')}>${t(`category.${one.category}`)}</td>
      <td data-label=${t('send.company')}>${one.company_id ? companyName(one.company_id) : t('templates.every_company')}</td>
      <td class="right num" data-label=${t('templates.version')}>${one.version}</td>
      <td class="actions">
        <button class="button quiet small" type="button" aria-label=${t('templates.preview_one', { name: one.name })} @click=${() => this.open(one, 'previewing')}>${t('templates.preview')}</button>
        ${
          this.isWritable(one)
            ? html`<button class="button quiet small" type="button" aria-label=${t('templates.edit_one', { name: one.name })} @click=${() => this.open(one, 'editing')}>${t('edit')}</button>`
            : nothing
        }
      </td>
    </tr>`;
  }

  private isWritable(one: Template): boolean {
    return one.company_id ? may('notifier') : may('admin');
  }

  private editor(editing: Template | 'new') {
    return html`<template-dialog .template=${editing === 'new' ? null : editing} @saved=${this.saved} @dialog-closed=${this.close}></template-dialog>`;
  }

  private preview(one: Template) {
    return html`<template-preview .template=${one} @dialog-closed=${this.close}></template-preview>`;
  }

  private create = (): void => {
    this.editing = 'new';
  };

  private close = (): void => {
    this.editing = null;
    this.previewing = null;
  };

  /** Lists have the beginnings of texts only. */
  private async open(one: Template, what: 'editing' | 'previewing'): Promise<void> {
    try {
      this[what] = await getTemplate(one.id);
    } catch (error) {
      toastFailure(sentence(error));
    }
  }

  private saved = (): void => {
    this.close();
    toast({ text: t('templates.saved') });
    void this.list.load();
  };
}
