public enum TestSupportOfNeighbour {}
