import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { XmlDocument, XmlValidateError, XsdValidator } from 'libxml2-wasm';
import { xmlRegisterFsInputProviders } from 'libxml2-wasm/lib/nodejs.mjs';

/** The schema set of the document sharing transactions. It lies beside the checkout and is no part of it. */
export const DOCUMENT_SHARING_XSD = resolve('../shared/schemas/document-sharing/all.xsd');

/** True where that schema set is there. */
export const schemasPresent = existsSync(DOCUMENT_SHARING_XSD);

const validators = new Map<string, XsdValidator>();

/** What a schema finds wrong with a payload or an envelope, one line each; empty when it is valid. */
export function validateAgainst(xsdPath: string, xml: string): string[] {
  const validator = validators.get(xsdPath) ?? load(xsdPath);
  validators.set(xsdPath, validator);
  const document = XmlDocument.fromString(xml);
  try {
    validator.validate(document);
    return [];
  } catch (error) {
    if (error instanceof XmlValidateError)
      return error.details.map(({ message }) => message.trim());
    throw error;
  } finally {
    document.dispose();
  }
}

function load(xsdPath: string): XsdValidator {
  xmlRegisterFsInputProviders();
  return XsdValidator.fromDoc(XmlDocument.fromBuffer(readFileSync(xsdPath), { url: xsdPath }));
}

/**
 * A payload whose documents are inside it, as the schema sees it: an `xop:Include` stands for base64.
 */
export function withoutXop(xml: string): string {
  return xml.replace(/<(?:\w+:)?Include\b[^>]*\/>/g, 'QQ==');
}
