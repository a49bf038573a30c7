import { expect, it } from 'vitest';
import { framed } from './mail';

it('shows a mail without its style sheets, and leaves the rest as it is', () => {
  const mail =
    '<head><STYLE type="text/css">\np { color: red }\n</STYLE ><style>a{}</style></head><p style="color:red">Hola</p>';
  expect(framed(mail)).toBe('<head></head><p style="color:red">Hola</p>');
  expect(framed('<link href="https://fonts.example/css" rel="stylesheet"><p>link</p>')).toBe('<p>link</p>');
  expect(framed('<p>style</p>')).toBe('<p>style</p>');
});
