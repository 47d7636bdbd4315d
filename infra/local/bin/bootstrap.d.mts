/** Installs and compiles; returns the Node to run programs with. */
export declare function bootstrap(): Promise<string>;
/** The environment of a program that the bootstrap starts. */
export declare function environment(env?: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
