import { cutBefore, octetsOfPieces, textOfPieces } from '../../../profiles/formats/xml-pieces.ts';

const octets = (text: string) => new TextEncoder().encode(text);

describe('XML in pieces', () => {
  const pieces = ['<a>', octets('診療'), '情報', '', octets(''), '</a>'];

  it('is the same as text and as octets', () => {
    expect(textOfPieces(pieces)).toBe('<a>診療情報</a>');
    expect(Buffer.from(octetsOfPieces(pieces)).toString('utf8')).toBe('<a>診療情報</a>');
  });

  it('lies where its writer is told', () => {
    const place = Buffer.alloc(32);
    const written = octetsOfPieces(pieces, (length) => place.subarray(0, length));
    expect(written.buffer).toBe(place.buffer);
    expect(written.length).toBe(19);
  });

  it.each([
    ['text', (text: string) => text],
    ['octets', (text: string) => octets(text)],
  ])('is cut before the last of a word, as %s', (_kind, piece) => {
    const cut = (text: string) =>
      cutBefore(piece(text), ['<b ', '<c']).map((one) => textOfPieces([one]));
    expect(cut('診<b 1/>療<b 2/><c/>')).toEqual(['診<b 1/>療', '<b 2/><c/>']);
    expect(cut('診<c/>')).toEqual(['診', '<c/>']);
    expect(cut('<b />')).toEqual(['', '<b />']);
    expect(cut('診')).toEqual(['診', '']);
    expect(cut('')).toEqual(['', '']);
  });
});
