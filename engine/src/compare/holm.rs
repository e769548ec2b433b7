//! Many questions at once. Of twenty series that did not change, one in a run looks as if it had; Holm's p-values allow
//! for it (*Scandinavian Journal of Statistics* 6, 1979): whatever depends on what, the chance of even one false
//! alarm among all of them stays below the level.

/// The p-values, each as it counts among all of them; in the same order.
pub fn adjusted(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut so_far: f64 = 0.0;
    for (rank, place) in order.into_iter().enumerate() {
        let left = (p_values.len() - rank) as f64;
        so_far = so_far.max((p_values[place] * left).min(1.0));
        adjusted[place] = so_far;
    }
    adjusted
}
