"""What the text of a pooling needs beside PyTorch's functions."""

from __future__ import annotations

SAME_PAD = '''def same_pad(x, extent, stride, value=0.0):
    """Pads a map for ceil(size / stride) windows of this extent, behind where the total is odd."""
    pad = []
    for axis, (k, s) in enumerate(zip(extent, stride), 2):
        total = k - 1 - (x.shape[axis] - 1) % s
        if k < s:  # the steps leave gaps, and the last of them needs no padding
            total = torch.sym_max(total, 0)
        pad = [total // 2, total - total // 2] + pad  # the last axis comes first
    return F.pad(x, pad, value=value)
'''
WHOLE_WINDOWS = '''def whole_windows(x, kernel, stride, padding, dilation, ceil_mode, value=0.0, beyond=0.0):
    """A map with its padding, as far as the windows of a pooling reach.

    torch.export would fix what the steps leave over behind the last window; here they leave nothing.
    """
    stride = kernel if stride is None else stride
    axes = [(n,) * (x.dim() - 2) if isinstance(n, int) else n for n in (kernel, stride, padding, dilation)]
    around, behind, reach = [], [], []  # for F.pad the last axis comes first
    for size, k, s, p, d in zip(x.shape[2:], *axes):
        extent = d * (k - 1) + 1
        room = size + (min(2 * p - extent + s, p) + s - 1 if ceil_mode else 2 * p - extent + s)
        reach.append((room // s - 1) * s + extent)
        around = [p, p] + around
        behind = [0, extent - 1 if ceil_mode else 0] + behind
    x = F.pad(F.pad(x, around, value=value), behind, value=beyond)
    for axis, size in enumerate(reach, 2):
        x = x.index_select(axis, torch.arange(size, device=x.device))
    return x
'''
"""Its shape is (windows - 1) * stride + extent: nobody needs to know a remainder."""
MAX_POOL = '''def max_pool{n}d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """F.max_pool{n}d of a map of any size, for torch.export as well."""
    if torch.compiler.is_exporting():
        least = -torch.inf
        x = whole_windows(x, kernel_size, stride, padding, dilation, ceil_mode, least, least)
        padding, ceil_mode = 0, False
    return F.max_pool{n}d(x, kernel_size, stride, padding, dilation, ceil_mode)
'''
AVG_POOL = '''def avg_pool{n}d(
    x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):
    """F.avg_pool{n}d of a map of any size, for torch.export as well."""
    if not torch.compiler.is_exporting():
        return F.avg_pool{n}d(x, kernel_size, stride, padding, ceil_mode, count_include_pad)
    windows = (kernel_size, stride, padding, 1, ceil_mode)
    mean = F.avg_pool{n}d(whole_windows(x, *windows), kernel_size, stride)
    if not ceil_mode and (count_include_pad or padding == 0):
        return mean
    counted = whole_windows(torch.ones_like(x[:1, :1]), *windows, float(count_include_pad))
    return mean / F.avg_pool{n}d(counted, kernel_size, stride)
'''
