/** One line of a page: Latin text in Helvetica, anything else in a Japanese face that the viewer brings. */
export interface PdfLine {
  readonly text: string;
  /** Points. */
  readonly size: number;
}

const PAGE = { width: 595, height: 842, margin: 64 };

/**
 * A PDF 1.4 of one A4 page, made by hand: no font is embedded, so it is small; the cross-reference table holds the true
 * offsets. At most a page of lines.
 */
export function smallPdf(title: string, lines: readonly PdfLine[]): Uint8Array {
  const content = contentOf(lines);
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R /Lang (ja-JP) >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${PAGE.width} ${PAGE.height}] /Contents 4 0 R /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>`,
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
    '<< /Type /Font /Subtype /Type0 /BaseFont /HeiseiKakuGo-W5-UniJIS-UCS2-H /Encoding /UniJIS-UCS2-H /DescendantFonts [7 0 R] >>',
    '<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiKakuGo-W5 /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> /DW 1000 /FontDescriptor 8 0 R >>',
    '<< /Type /FontDescriptor /FontName /HeiseiKakuGo-W5 /Flags 4 /FontBBox [-92 -250 1010 922] /ItalicAngle 0 /Ascent 752 /Descent -221 /CapHeight 737 /StemV 114 >>',
    `<< /Title <feff${utf16(title)}> /Producer (Kakehashi demo) >>`,
  ];
  // Every character is ASCII: octets and characters count alike.
  let text = '%PDF-1.4\n';
  const offsets: number[] = [];
  objects.forEach((object, index) => {
    offsets.push(text.length);
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
  });
  const start = text.length;
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}`;
  text += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info ${objects.length} 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}

function contentOf(lines: readonly PdfLine[]): string {
  let y = PAGE.height - PAGE.margin;
  const drawn = lines.map(({ text, size }) => {
    y -= size * 1.6;
    const isLatin = /^[\x20-\x7e]*$/.test(text);
    const shown = isLatin ? `(${text.replace(/[\\()]/g, '\\$&')})` : `<${utf16(text)}>`;
    return `BT /${isLatin ? 'F1' : 'F2'} ${size} Tf ${PAGE.margin} ${y.toFixed(1)} Td ${shown} Tj ET`;
  });
  return drawn.join('\n');
}

/** UTF-16BE as hex. */
function utf16(text: string): string {
  return Buffer.from(text, 'utf16le').swap16().toString('hex');
}
