/** jsdom lays nothing out; CodeMirror asks for rectangles all the same. */
Range.prototype.getClientRects ??= () => [] as unknown as DOMRectList;
Range.prototype.getBoundingClientRect ??= () => new DOMRect();
