public enum RedisOfNeighbour {}
