import { receivedMessage } from '../../../gateway/inbound/received-message.ts';
import type { OpenedEnvelope } from '../../../profiles/formats/soap.ts';
import { parseXml } from '../../../profiles/formats/xml.ts';

function hashOf(xml: string): string | undefined {
  const opened = { body: parseXml(xml) } as OpenedEnvelope;
  return receivedMessage(opened, 'urn:uuid:1')?.bodyHash;
}

describe('what tells a message that is sent again', () => {
  it('is the same for a body with other prefixes, quotes and declarations', () => {
    expect(hashOf('<a:b xmlns:a="urn:x" c="1"><a:d>e</a:d></a:b>')).toBe(
      hashOf("<b xmlns='urn:x' c='1'><d>e</d></b>"),
    );
  });

  it.each([
    ['another text', '<a><b>1</b></a>', '<a><b>2</b></a>'],
    ['a text in another place', '<a>1<b/></a>', '<a><b>1</b></a>'],
    ['another value of an attribute', '<a b="1"/>', '<a b="2"/>'],
    ['an attribute in place of two', '<a b="1" c="2"/>', '<a b="1c2"/>'],
    ['an element inside in place of beside', '<a><b/><c/></a>', '<a><b><c/></b></a>'],
    ['another namespace', '<a xmlns="urn:x"/>', '<a xmlns="urn:y"/>'],
    [
      'a prefix in a value that means something else',
      '<a xmlns:p="urn:x" t="p:n"/>',
      '<a xmlns:p="urn:y" t="p:n"/>',
    ],
  ])('is another with %s', (_, one, other) => {
    expect(hashOf(one)).not.toBe(hashOf(other));
  });

  it('is not there without a MessageID', () => {
    expect(
      receivedMessage({ body: parseXml('<a/>') } as OpenedEnvelope, undefined),
    ).toBeUndefined();
  });
});
