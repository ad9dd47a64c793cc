/** The page once more, as the server has it now. */
export const reload = (): void => window.location.reload();
