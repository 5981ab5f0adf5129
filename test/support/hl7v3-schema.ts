import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { XmlDocument, XmlValidateError, XsdValidator } from 'libxml2-wasm';
import { xmlRegisterFsInputProviders } from 'libxml2-wasm/lib/nodejs.mjs';

const SCHEMA = resolve('../shared/schemas/patient-identity/all-interactions.xsd');

/** True where HL7's schemas lie beside the checkout; they are no part of it. */
export const v3SchemasPresent = existsSync(SCHEMA);

let validator: XsdValidator | undefined;

/** What HL7's schema finds wrong with a payload, one line each; empty when it is valid. */
export function v3SchemaErrors(xml: string): readonly string[] {
  validator ??= loadValidator();
  const document = XmlDocument.fromString(xml);
  try {
    validator.validate(document);
    return [];
  } catch (error) {
    if (error instanceof XmlValidateError) return error.details.map(({ message }) => message);
    throw error;
  } finally {
    document.dispose();
  }
}

function loadValidator(): XsdValidator {
  xmlRegisterFsInputProviders();
  const schema = XmlDocument.fromBuffer(readFileSync(SCHEMA), { url: SCHEMA });
  return XsdValidator.fromDoc(schema);
}
