// MergeMethods
