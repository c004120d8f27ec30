/** Puts the mock in the place of the box. */
export function installMock(): void {}
