/** The preview of the form while it is written. An older answer never replaces a newer one. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { previewNotification } from '../api';
import type { NotificationRequest, Preview, Sample } from '../contract';
import { previewOf, type SendForm } from './send-form';

/** Debounce of the preview, in milliseconds. */
const PREVIEW_AFTER_MS = 350;

export class FormPreview implements ReactiveController {
  answer: Preview | null = null;
  /** An answer is awaited. */
  busy = false;
  /** The last one failed: there are no numbers to show. */
  failed = false;
  /** The form that the answer is about. It is a little behind while somebody types. */
  private about: SendForm | null = null;
  /** The form for which a preview was last asked or scheduled. */
  private followed: SendForm | null = null;
  private timer?: ReturnType<typeof setTimeout>;
  private asking?: AbortController;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly form: () => SendForm,
    private readonly refused: (error: unknown) => void,
  ) {
    host.addController(this);
  }

  /** A form that nobody has typed came back from where it was kept: its preview is asked for at once. */
  hostUpdate(): void {
    if (this.form() !== this.followed) void this.look();
  }

  hostDisconnected(): void {
    this.stop();
    this.followed = null;
  }

  /** The form was changed on the page: its preview is asked for after a pause. */
  typed(isOtherAudience: boolean): void {
    this.followed = this.form();
    // The numbers of another audience must not be shown beside this choice.
    if (isOtherAudience) this.answer = null;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), PREVIEW_AFTER_MS);
  }

  async look(): Promise<void> {
    this.stop();
    const form = this.form();
    this.followed = form;
    if (!form.company) return this.show({ answer: null, busy: false });
    const asking = new AbortController();
    this.asking = asking;
    this.show({ busy: true, failed: false });
    try {
      const answer = await previewNotification(previewOf(form), asking.signal);
      this.about = form;
      this.show({ answer });
    } catch (error) {
      if (asking.signal.aborted) return;
      this.show({ answer: null, failed: true });
      this.refused(error);
    } finally {
      if (this.asking === asking) this.show({ busy: false });
    }
  }

  /** The last preview before the confirmation: its numbers and its token are those of the confirm step. */
  async last(request: NotificationRequest): Promise<Preview> {
    this.stop();
    const form = this.form();
    const answer = await previewNotification(request);
    this.about = form;
    this.show({ answer, busy: false });
    return answer;
  }

  /** The texts of the first of the audience, if they are those of the form; of a template also while its variables are written. */
  get samples(): Sample[] {
    const [form, about] = [this.form(), this.about];
    const isCurrent = about === form || (form.template !== null && about?.template === form.template);
    return isCurrent ? (this.answer?.samples ?? []) : [];
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.asking?.abort();
  }

  private show(change: Partial<Pick<FormPreview, 'answer' | 'busy' | 'failed'>>): void {
    Object.assign(this, change);
    this.host.requestUpdate();
  }
}
