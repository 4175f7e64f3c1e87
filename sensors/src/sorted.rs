//! Maps and sets written in the order of their keys: one state is one row of bytes, however it came to be.

/// For a field that is a map: `#[serde(with = "sensors::sorted::map")]`.
pub mod map {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::HashMap;
    use std::hash::{BuildHasher, Hash};

    /// Writes the map in the order of its keys.
    ///
    /// # Errors
    /// What the serializer says.
    pub fn serialize<K, V, H, S>(map: &HashMap<K, V, H>, serializer: S) -> Result<S::Ok, S::Error>
    where
        K: Serialize + Ord,
        V: Serialize,
        S: Serializer,
    {
        let mut sorted: Vec<(&K, &V)> = map.iter().collect();
        sorted.sort_unstable_by_key(|(key, _)| *key);
        serializer.collect_map(sorted)
    }

    /// Reads what [`serialize`] wrote.
    ///
    /// # Errors
    /// What the deserializer says.
    pub fn deserialize<'de, K, V, H, D>(deserializer: D) -> Result<HashMap<K, V, H>, D::Error>
    where
        K: Deserialize<'de> + Eq + Hash,
        V: Deserialize<'de>,
        H: BuildHasher + Default,
        D: Deserializer<'de>,
    {
        HashMap::deserialize(deserializer)
    }
}

/// For a field that is a set: `#[serde(with = "sensors::sorted::set")]`.
pub mod set {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::HashSet;
    use std::hash::{BuildHasher, Hash};

    /// Writes the set in order.
    ///
    /// # Errors
    /// What the serializer says.
    pub fn serialize<T, H, S>(set: &HashSet<T, H>, serializer: S) -> Result<S::Ok, S::Error>
    where
        T: Serialize + Ord,
        S: Serializer,
    {
        let mut sorted: Vec<&T> = set.iter().collect();
        sorted.sort_unstable();
        serializer.collect_seq(sorted)
    }

    /// Reads what [`serialize`] wrote.
    ///
    /// # Errors
    /// What the deserializer says.
    pub fn deserialize<'de, T, H, D>(deserializer: D) -> Result<HashSet<T, H>, D::Error>
    where
        T: Deserialize<'de> + Eq + Hash,
        H: BuildHasher + Default,
        D: Deserializer<'de>,
    {
        HashSet::deserialize(deserializer)
    }
}
