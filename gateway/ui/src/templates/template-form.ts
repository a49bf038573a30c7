/** The form of a template: its fields, and the request made of it. */
import type { Category, Channel, Template, TemplateFields, TemplateVariable } from '../contract';

export interface TemplateForm {
  name: string;
  channel: Channel;
  category: Category;
  /** Empty for every company. */
  company: string;
  subject: string;
  body: string;
  html: string;
  variables: VariableForm[];
}
export interface VariableForm {
  name: string;
  /** Empty for none: then a notification must say. */
  default: string;
  sample: string;
}

export const EMPTY_TEMPLATE: TemplateForm = {
  name: '',
  channel: 'sms',
  category: 'service',
  company: '',
  subject: '',
  body: '',
  html: '',
  variables: [],
};

export function formOf(template: Template): TemplateForm {
  return {
    name: template.name,
    channel: template.channel,
    category: template.category,
    company: template.company_id ?? '',
    subject: template.subject ?? '',
    // A text that was made of the HTML is made again.
    body: template.body_derived ? '' : template.body,
    html: template.html ?? '',
    variables: template.variables.map((one) => ({ ...one, default: one.default ?? '', sample: one.sample ?? '' })),
  };
}

export function fieldsOf(form: TemplateForm): TemplateFields {
  const email = form.channel === 'email';
  return {
    name: form.name,
    channel: form.channel,
    category: form.category,
    company_id: form.company || null,
    ...(email ? { subject: form.subject } : {}),
    ...(form.body || !(email && form.html) ? { body: form.body } : {}),
    ...(email && form.html ? { html: form.html } : {}),
    variables: form.variables.filter((one) => one.name).map(variableOf),
  };
}

const variableOf = (one: VariableForm): TemplateVariable => ({
  name: one.name,
  default: one.default || null,
  sample: one.sample || null,
});

/** The server's errors by the field of the form; of a variable, the first one of any of its parts. */
export function errorsFrom(fields: Record<string, string>): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const [name, detail] of Object.entries(fields)) {
    const field = name === 'company_id' ? 'company' : (name.split('.')[0] ?? name);
    errors[field] ??= detail;
  }
  return errors;
}
