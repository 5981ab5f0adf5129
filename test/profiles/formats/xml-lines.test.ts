import { elementsOf, parseXml, type XmlElement } from '../../../profiles/formats/xml.ts';

function linesOf(text: string): readonly string[] {
  const lines = new WeakMap<XmlElement, number>();
  const found: string[] = [];
  const visit = (element: XmlElement): void => {
    found.push(`${element.name} ${lines.get(element)}`);
    elementsOf(element).forEach(visit);
  };
  visit(parseXml(text, undefined, lines));
  return found;
}

describe('The line of an element', () => {
  it('is that of its name, however the lines end', () => {
    const text =
      '<?xml version="1.0"?>\n<a>\n<b\n c="d"/>\n<c/><d\n/>\n<!-- \n --><e >x\ny</e>\n<![CDATA[\n]]><f/></a>';
    const expected = ['a 2', 'b 3', 'c 5', 'd 5', 'e 8', 'f 11'];

    expect(linesOf(text)).toEqual(expected);
    expect(linesOf(text.replaceAll('\n', '\r\n'))).toEqual(expected);
    expect(linesOf('<a><b/>😀<c\n/></a>')).toEqual(['a 1', 'b 1', 'c 1']);
  });

  it('is told only where it is asked for, and changes nothing of what is read', () => {
    const text = '<a xmlns="urn:x"><b c="x:d" xmlns:x="urn:y">e</b></a>';

    expect(parseXml(text, undefined, new WeakMap())).toEqual(parseXml(text));
  });
});
