import { nearest } from '../../gateway/nearest.ts';

describe('The nearest known word', () => {
  it.each([
    ['sopa', 'soap'],
    ['listne', 'listen'],
    ['hots', 'host'],
    ['prot', 'port'],
    ['operation', 'operations'],
  ])('%s was probably meant to be %s', (written, meant) => {
    expect(nearest(written, ['soap', 'listen', 'host', 'port', 'operations'])).toBe(meant);
  });

  it('may be a heading above settings', () => {
    const settings = ['listen.soap.host', 'listen.operations.port', 'tls.key'];

    expect(nearest('listen.sopa', settings)).toBe('listen.soap');
    expect(nearest('listen.soap.hots', settings)).toBe('listen.soap.host');
  });

  it('is none where too much differs', () => {
    expect(nearest('paso', ['soap'])).toBeUndefined();
    expect(nearest('', ['soap'])).toBeUndefined();
  });
});
