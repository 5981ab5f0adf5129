/** An element with its namespace resolved. Prefixes are gone: XML is read by namespace and name. */
export interface XmlElement {
  readonly namespace: string;
  readonly name: string;
  /** Unqualified attributes by their name, qualified ones as `{namespace}name`; namespace declarations are left out. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Elements and text in document order; comments and processing instructions are left out. */
  readonly children: readonly XmlNode[];
  /** Namespace bindings in force, for qualified names in content (`xsi:type`). Absent where nothing is bound beyond the names used. */
  readonly bindings?: ReadonlyMap<string, string>;
}

export type XmlNode = XmlElement | string;
