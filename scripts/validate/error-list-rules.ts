import { childrenNamed, elementsOf, isNamed, type XmlElement } from '../../profiles/formats/xml.ts';
import { XDS_ERROR_CODES, XDS_ERROR_CODES_OF_OTHERS } from '../../profiles/xds/error-codes.ts';
import { ERROR_SEVERITY, NS, nameOfUrn } from '../../profiles/xds/vocabulary.ts';
import { both, type Finding, failure, warning } from './rule.ts';

/** The severity of an error; undefined for an unknown one. */
export function severityOf(error: XmlElement): 'Error' | 'Warning' | undefined {
  return nameOfUrn(ERROR_SEVERITY, error.attributes.get('severity'));
}

/** What else than errors an error list holds. */
export function strangersIn(list: XmlElement): readonly Finding[] {
  const children = elementsOf(list);
  if (children.length === 0) {
    return [
      warning(
        both('the list is empty; leave it out', '一覧が空です。要素ごと省いてください'),
        list,
      ),
    ];
  }
  return children
    .filter((child) => !isNamed(child, NS.rs, 'RegistryError'))
    .map((child) =>
      failure(
        both(`${child.name} is no RegistryError`, `${child.name} は RegistryError ではありません`),
        child,
      ),
    );
}

/** What is wrong with one error. */
export function errorForm(error: XmlElement): readonly Finding[] {
  const findings: Finding[] = [];
  for (const name of ['errorCode', 'codeContext']) {
    if (error.attributes.has(name)) continue;
    findings.push(failure(both(`there is no ${name}`, `${name} がありません`), error));
  }
  if (severityOf(error) === undefined) {
    findings.push(
      failure(both('the severity is missing or unknown', 'severity がないか、未知の値です'), error),
    );
  }
  const code = error.attributes.get('errorCode');
  if (
    code !== undefined &&
    !(code in XDS_ERROR_CODES) &&
    !XDS_ERROR_CODES_OF_OTHERS.includes(code)
  ) {
    findings.push(
      warning(
        both(`${code} is not in the Framework's table`, `${code} は規定の表にありません`),
        error,
      ),
    );
  }
  return findings;
}

/** Whether `highestSeverity` is the worst in a list. */
export function highestSeverity(list: XmlElement): readonly Finding[] {
  const highest = list.attributes.get('highestSeverity');
  if (highest === undefined) return [];
  const severities = childrenNamed(list, NS.rs, 'RegistryError').map(severityOf);
  const worst = severities.includes('Error') ? 'Error' : severities[0];
  return worst !== undefined && highest !== ERROR_SEVERITY[worst]
    ? [failure(both(`the worst in the list is ${worst}`, `一覧で最も重いのは ${worst} です`), list)]
    : [];
}
