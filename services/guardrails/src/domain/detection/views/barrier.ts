/** Stands between the fields of a document and between pieces of a view: no rule's `.` or space matches it, and normalisation keeps it. Texts never hold it, see Document. */
export const BARRIER = '\u2028';
