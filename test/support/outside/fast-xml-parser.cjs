module.exports = globalThis[Symbol.for('kakehashi.outside')]('fast-xml-parser');
