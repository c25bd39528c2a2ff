"""Why a transfer was refused."""


class TransferError(Exception):
    """The weights cannot be copied: the dataflows differ, the match is not unique, or the outputs disagree.

    The target is as it was. The message says where, with the paths of both modules.
    """
