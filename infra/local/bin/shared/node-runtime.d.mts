/** The Node that runs the compiled programs. */
export declare function findNode(root: string): string;
export declare function isGood(version: string): boolean;
