"""One thread for torch: the tensors are small, and the tests already run in parallel."""

import torch

torch.set_num_threads(1)
