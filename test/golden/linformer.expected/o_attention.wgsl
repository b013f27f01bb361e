// y.head.o (attention), linformer.lf:29,30

@group(0) @binding(0) var<storage, read_write> b_o: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_q: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_keys: array<vec4<f32>>;
var<workgroup> s_scores: array<vec4<f32>, 128>;
var<workgroup> s_parts: array<f32, 64>;

// Largest lane.
fn lf_fold_max_x4(v: vec4<f32>) -> f32 {
  return max(max(v.x, v.y), max(v.z, v.w));
}

// e^x; the largest number where that overflows.
fn lf_exp_x4(x: vec4<f32>) -> vec4<f32> {
  return exp(min(x, vec4<f32>(88.72)));
}

// Sum of the lanes.
fn lf_fold_add_x4(v: vec4<f32>) -> f32 {
  return (v.x + v.y) + (v.z + v.w);
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_most: vec4<f32>;
  var r_acc: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows: vec4<f32>;
  var r_block_0: vec4<f32>; var r_block_1: vec4<f32>; var r_block_2: vec4<f32>; var r_block_3: vec4<f32>;
  var r_greatest: f32;
  var r_sums: vec4<f32>;
  var r_sum: f32;
  var r_share: f32;
  var r_acc_1: vec4<f32>;
  var r_columns_1: vec4<f32>;
  var r_rows_1: vec4<f32>;
  var r_result: vec4<f32>;
  let v_group_y = i32(group_id.y);
  let v_group_x = i32(group_id.x);
  let v_y = i32(local_id.y);
  let v_x = i32(local_id.x);
  r_most = vec4<f32>(-0x1.fffffep+127f);
  let v_at_1 = v_group_y * 4096i + v_group_x * 64i + v_y * 8i;
  let v_at_2 = v_group_y * 512i + v_x * 32i;
  let v_at_5 = v_y * 16i + v_x;
  for (var v_tile = 0i; v_tile < 2i; v_tile += 1i) {
    r_acc = vec4<f32>(0.0f);
    let v_at_3 = v_at_2 + v_tile * 256i;
    for (var v_k4 = 0i; v_k4 < 8i; v_k4 += 1i) {
      r_rows = b_q[v_at_1 + v_k4];
      let v_at_4 = v_at_3 + v_k4;
      r_block_0 = b_keys[v_at_4];
      r_block_1 = b_keys[v_at_4 + 8i];
      r_block_2 = b_keys[v_at_4 + 16i];
      r_block_3 = b_keys[v_at_4 + 24i];
      r_columns = vec4<f32>(r_block_0.x, r_block_1.x, r_block_2.x, r_block_3.x);
      r_acc = fma(vec4<f32>(r_rows.x), r_columns, r_acc);
      r_columns = vec4<f32>(r_block_0.y, r_block_1.y, r_block_2.y, r_block_3.y);
      r_acc = fma(vec4<f32>(r_rows.y), r_columns, r_acc);
      r_columns = vec4<f32>(r_block_0.z, r_block_1.z, r_block_2.z, r_block_3.z);
      r_acc = fma(vec4<f32>(r_rows.z), r_columns, r_acc);
      r_columns = vec4<f32>(r_block_0.w, r_block_1.w, r_block_2.w, r_block_3.w);
      r_acc = fma(vec4<f32>(r_rows.w), r_columns, r_acc);
    }
    let v_logit = r_acc / vec4<f32>(5.656854f);
    r_most = max(r_most, v_logit);
    s_scores[v_at_5 + v_tile * 8i] = v_logit;
  }
  r_greatest = lf_fold_max_x4(r_most);
  let v_at_6 = v_y * 8i + v_x;
  s_parts[v_at_6] = r_greatest;
  workgroupBarrier();
  r_greatest = s_parts[v_y * 8i];
  let v_at_7 = v_y * 8i;
  for (var v_lane = 1i; v_lane < 8i; v_lane += 1i) {
    r_greatest = max(r_greatest, s_parts[v_at_7 + v_lane]);
  }
  workgroupBarrier();
  r_sums = vec4<f32>(0.0f);
  let v_at_8 = v_y * 16i;
  for (var v_j = v_x; v_j < 16i; v_j += 8i) {
    let v_at_9 = v_at_8 + v_j;
    let v_power = lf_exp_x4(s_scores[v_at_9] - vec4<f32>(r_greatest));
    s_scores[v_at_9] = v_power;
    r_sums += v_power;
  }
  r_sum = lf_fold_add_x4(r_sums);
  s_parts[v_at_6] = r_sum;
  workgroupBarrier();
  r_sum = s_parts[v_at_7];
  for (var v_lane_1 = 1i; v_lane_1 < 8i; v_lane_1 += 1i) {
    r_sum += s_parts[v_at_7 + v_lane_1];
  }
  r_share = 1.0f / r_sum;
  workgroupBarrier();
  r_acc_1 = vec4<f32>(0.0f);
  let v_at_10 = v_group_y * 512i + v_x;
  for (var v_k4_1 = 0i; v_k4_1 < 16i; v_k4_1 += 1i) {
    r_rows_1 = s_scores[v_at_8 + v_k4_1];
    let v_at_11 = v_at_10 + v_k4_1 * 32i;
    r_columns_1 = b_keys[v_at_11 + 2048i];
    r_acc_1 = fma(vec4<f32>(r_rows_1.x), r_columns_1, r_acc_1);
    r_columns_1 = b_keys[v_at_11 + 2056i];
    r_acc_1 = fma(vec4<f32>(r_rows_1.y), r_columns_1, r_acc_1);
    r_columns_1 = b_keys[v_at_11 + 2064i];
    r_acc_1 = fma(vec4<f32>(r_rows_1.z), r_columns_1, r_acc_1);
    r_columns_1 = b_keys[v_at_11 + 2072i];
    r_acc_1 = fma(vec4<f32>(r_rows_1.w), r_columns_1, r_acc_1);
  }
  r_result = r_acc_1 * vec4<f32>(r_share);
  b_o[v_at_1 + v_x] = r_result;
  workgroupBarrier();
}
