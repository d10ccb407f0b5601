"""The smallest edit of a candidate's own source after which its gradients are right: a search, and its proof."""
